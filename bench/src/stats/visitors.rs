//! Measures the error of estimated visitors, after sketches were stored and merged.

use anyhow::Result;
use waypost_domain::analytics::model::visitors::VisitorSketch;
use waypost_domain::analytics::model::visitors::VisitorUnion;

use crate::chance::Chance;

const SIZES: [u64; 11] = [10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000];
/// From this size on a sketch estimates, and does not list its visitors.
const ESTIMATED: u64 = 10_000;
const SEEDS: u64 = 10;
/// How many sketches share the visitors: lanes and days.
const SKETCHES: usize = 8;

/// Relative errors.
pub(super) struct Errors {
    /// The worst of all sizes and seeds.
    pub(super) worst: f64,
    /// The root of the mean square where sketches estimate.
    pub(super) standard: f64,
}

pub(super) fn errors() -> Result<Errors> {
    let (mut worst, mut squares, mut count) = (0_f64, 0.0, 0.0);
    for size in SIZES {
        for seed in 0..SEEDS {
            let error = error(size, seed)?;
            worst = worst.max(error.abs());
            if size >= ESTIMATED {
                squares += error * error;
                count += 1.0;
            }
        }
    }
    Ok(Errors { worst, standard: (squares / count).sqrt() })
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn error(size: u64, seed: u64) -> Result<f64> {
    let mut sketches: Vec<VisitorSketch> = (0..SKETCHES).map(|_| VisitorSketch::default()).collect();
    let mut chance = Chance(seed << 32);
    for (number, at) in (0..size).zip((0..SKETCHES).cycle()) {
        if let Some(sketch) = sketches.get_mut(at) {
            sketch.add(&format!("{:016x}{number:016x}", chance.next()));
        }
    }
    let mut union = VisitorUnion::default();
    for sketch in &sketches {
        union.add(&VisitorSketch::from_bytes(&sketch.to_bytes())?);
    }
    Ok((union.estimate() as f64 - size as f64) / size as f64)
}
