//! Many small sketches of visitors added up: faster than the library's union, which takes most of its time to add one list
//! of visitors to another.

use datasketches::hll::HllSketch;

use super::visitors::LG_K;

/// The bits of a coupon that choose a register; the upper six are the register's value.
const KEY_BITS: u32 = 26;
/// Up to how many coupons are listed: as many as a sketch of [`LG_K`] lists. That the estimate of so many is their number, to the
/// nearest whole one, is held by a test.
const MAX_LISTED: usize = 3 << (LG_K - 5);
/// "Fibonacci hashing": coupons of one sketch come in the order of their lowest bits.
const MIX: u32 = 0x9E37_79B1;

/// What sketches keep of visitors: coupons (in Apache DataSketches' words), 26 bits of a hash and the number of zeros in the rest
/// of it. Few are listed, each once; of many, the registers of a sketch are kept.
#[derive(Clone)]
pub(crate) enum Coupons {
    /// A hash table with free places, which are zero, at least half of all; and what is in it, one after the other.
    Listed(Vec<u32>, Vec<u32>),
    /// By the lowest bits of the coupons their greatest value.
    Registers(Box<[u8]>),
}

impl Default for Coupons {
    fn default() -> Self {
        Self::Listed(Vec::new(), Vec::new())
    }
}

impl Coupons {
    /// The coupons that a sketch lists, which is written as a sketch is stored; none if it is too large to list them.
    pub(crate) fn listed(sketch: &[u8]) -> Option<impl Iterator<Item = u32>> {
        // The two lowest bits of the eighth byte: a list, a set, or registers.
        let first = match sketch.get(7)? & 3 {
            0 => 8,
            1 => 12,
            _ => return None,
        };
        let coupons = sketch.get(first..)?.chunks_exact(4);
        Some(coupons.filter_map(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?))))
    }

    pub(crate) fn add(&mut self, coupons: impl Iterator<Item = u32>) {
        let mut coupons = coupons.filter(|coupon| *coupon != 0);
        if let Self::Listed(table, listed) = self {
            for coupon in coupons.by_ref() {
                if 2 * listed.len() >= table.len() {
                    *table = grown(table.len(), listed);
                }
                if insert(table, coupon) {
                    listed.push(coupon);
                    if listed.len() > MAX_LISTED {
                        break;
                    }
                }
            }
            if listed.len() <= MAX_LISTED {
                return;
            }
            *self = Self::Registers(self.registers());
        }
        if let Self::Registers(registers) = self {
            coupons.for_each(|coupon| raise(registers, coupon));
        }
    }

    pub(crate) fn add_all(&mut self, others: &Self) {
        match others {
            Self::Listed(_, listed) => self.add(listed.iter().copied()),
            Self::Registers(others) => {
                let mut registers = self.registers();
                registers.iter_mut().zip(others).for_each(|(mine, other)| *mine = (*mine).max(*other));
                *self = Self::Registers(registers);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Listed(_, listed) if listed.is_empty())
    }

    pub(crate) fn estimate(&self) -> f64 {
        match self {
            #[allow(clippy::cast_precision_loss, reason = "they are few")]
            Self::Listed(_, listed) => listed.len() as f64,
            Self::Registers(_) => self.to_sketch().estimate(),
        }
    }

    /// A sketch with the registers of these coupons.
    pub(crate) fn to_sketch(&self) -> HllSketch {
        HllSketch::deserialize(&image(&self.registers())).unwrap_or_else(|_| unreachable!("the image is a sketch's"))
    }

    fn registers(&self) -> Box<[u8]> {
        match self {
            Self::Registers(registers) => registers.clone(),
            Self::Listed(_, listed) => {
                let mut registers = vec![0; 1 << LG_K].into_boxed_slice();
                listed.iter().for_each(|coupon| raise(&mut registers, *coupon));
                registers
            }
        }
    }
}

/// Makes the register of `coupon` at least its value.
fn raise(registers: &mut [u8], coupon: u32) {
    if let Some(register) = registers.get_mut(coupon as usize & ((1 << LG_K) - 1)) {
        *register = (*register).max((coupon >> KEY_BITS) as u8);
    }
}

/// Whether `coupon` was not there before. The table has free places, and a power of two of all.
fn insert(table: &mut [u32], coupon: u32) -> bool {
    let mask = table.len() - 1;
    let mut place = (coupon.wrapping_mul(MIX) >> 16) as usize;
    loop {
        match &mut table[place & mask] {
            free if *free == 0 => {
                *free = coupon;
                return true;
            }
            taken if *taken == coupon => return false,
            _ => place += 1,
        }
    }
}

/// A table four times as large as one of `places`, with what is listed.
fn grown(places: usize, listed: &[u32]) -> Vec<u32> {
    let mut grown = vec![0; (4 * places).max(1024)];
    for coupon in listed {
        insert(&mut grown, *coupon);
    }
    grown
}

/// Registers as Apache DataSketches write a sketch of one byte a register, HLL_8, whose additions came in no order: then the
/// estimate is made of the registers alone.
fn image(registers: &[u8]) -> Vec<u8> {
    let (mut small, mut large, mut zeros) = (0.0, 0.0, 0_u32);
    for register in registers {
        // The inverse power of two of each value, written as its exponent; great ones apart, so that they are not lost beside the others.
        let sum = if *register < 32 { &mut small } else { &mut large };
        *sum += f64::from_bits((1023 - u64::from(*register)) << 52);
        zeros += u32::from(*register == 0);
    }
    let mut image = Vec::with_capacity(40 + registers.len());
    // Ten ints of header, version 1, family 7, lg k, unused, out of order, least value, registers of one byte.
    image.extend([10, 1, 7, LG_K, 0, 16, 0, 2 | 2 << 2]);
    for number in [0.0_f64, small, large] {
        image.extend(number.to_le_bytes());
    }
    image.extend(zeros.to_le_bytes());
    image.extend(0_u32.to_le_bytes());
    image.extend(registers);
    image
}
