//! Holds what imports and exports share: the ports of the bucket's files, and the cells of a CSV file.

pub mod csv;
pub mod ports;
