//! Holds what imports and exports share: the ports of the bucket's files, how long it keeps them, and the cells of a CSV file.

pub mod csv;
pub mod ports;
pub mod retention;
