//! Merges many small sketches of visitors. It is faster than the library's union, which spends most of its time adding one
//! list of visitors to another.

use datasketches::hll::HllSketch;

/// The binary logarithm of the number of registers. 16,384 of them give a standard error of 0.8 % after a merge; see
/// `docs/adr/0016-reading-statistics.md`.
pub(crate) const LG_K: u8 = 14;

/// The bits of a coupon that choose a register; the upper six are the register's value.
const KEY_BITS: u32 = 26;
/// The greatest number of listed coupons: as many as a sketch of [`LG_K`] lists. A test checks that the estimate of so many,
/// rounded, is their number.
const MAX_LISTED: usize = 3 << (LG_K - 5);
/// The multiplier of Fibonacci hashing. It spreads the coupons, which a sketch lists in the order of their lowest bits.
const MIX: u32 = 0x9E37_79B1;

/// The coupons of visitors. A coupon, in the words of Apache DataSketches, is what a sketch keeps of a visitor: 26 bits of a
/// hash, and the number of zeros in the rest of it. Few coupons are kept as a list, each once; many as registers.
#[derive(Clone)]
pub(crate) enum Coupons {
    /// A hash table, of which at least half is free (zero), and a list of the coupons in it.
    Listed(Vec<u32>, Vec<u32>),
    /// The greatest value of the coupons with the same lowest bits, by these bits.
    Registers(Box<[u8]>),
}

impl Default for Coupons {
    fn default() -> Self {
        Self::Listed(Vec::new(), Vec::new())
    }
}

impl Coupons {
    /// Reads the coupons that a stored sketch lists. `None` if the sketch is too large to list them.
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

    /// Makes a sketch with the registers of these coupons.
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

/// Raises the register of `coupon` to at least its value.
fn raise(registers: &mut [u8], coupon: u32) {
    if let Some(register) = registers.get_mut(coupon as usize & ((1 << LG_K) - 1)) {
        *register = (*register).max((coupon >> KEY_BITS) as u8);
    }
}

/// Inserts `coupon`, and returns whether it is new. The length of the table is a power of two, and not all of it is taken.
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

/// Makes a table four times as large as `places`, with the coupons of `listed`.
fn grown(places: usize, listed: &[u32]) -> Vec<u32> {
    let mut grown = vec![0; (4 * places).max(1024)];
    for coupon in listed {
        insert(&mut grown, *coupon);
    }
    grown
}

/// Writes the registers as Apache DataSketches write a sketch with one byte a register (HLL_8). Its flag "out of order" makes
/// the library estimate from the registers alone.
fn image(registers: &[u8]) -> Vec<u8> {
    let (mut small, mut large, mut zeros) = (0.0, 0.0, 0_u32);
    for register in registers {
        // Add 2^-value, made from its exponent. Small terms have a sum of their own, so that rounding does not lose them.
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
