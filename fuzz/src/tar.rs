//! Makes tar archives with correct checksums, which random input almost never has.

const BLOCK: usize = 512;

/// Makes an archive of these entries, each with the byte that tells its kind (`0` a file, `x` and `L` what extends the next one).
pub fn stored<'a>(entries: impl Iterator<Item = (u8, &'a [u8])>) -> Vec<u8> {
    let mut archive = Vec::new();
    for (kind, content) in entries {
        let mut header = [0; BLOCK];
        header[..9].copy_from_slice(b"links.csv");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[148..156].copy_from_slice(b"        ");
        header[156] = kind;
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        archive.extend(header);
        archive.extend(content);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
    archive
}
