//! Files in the bucket: the ports that imports and exports share.

pub mod ports;
