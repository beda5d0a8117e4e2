//! Everything that a CVM is called.

/// The names and ids of a CVM. The ids are made from the key, so that they are the same in every run.
pub struct Identity {
    /// What a test or the fleet knows it by.
    pub key: String,
    /// The name that states show.
    pub name: String,
    /// The UUID that states show.
    pub uuid: String,
    app_id: String,
    /// The instance id that states show.
    pub instance_id: String,
}

impl Identity {
    /// The identity that follows from a key.
    pub fn new(key: &str) -> Self {
        let mut digits = hex_digits(key, "uuid", 32);
        // The two digits that mark a random UUID.
        digits.replace_range(12..13, "4");
        digits.replace_range(16..17, "a");
        Self {
            key: key.to_owned(),
            name: key.to_owned(),
            uuid: [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"),
            app_id: hex_digits(key, "app", 40),
            instance_id: hex_digits(key, "instance", 40),
        }
    }

    /// Whether a path segment means this CVM.
    pub fn answers_to(&self, id: &str) -> bool {
        // Clients put `app_` before any 40 hex digits, so an instance id may arrive with it, too.
        let hex = id.strip_prefix("app_").unwrap_or(id);
        [&self.key, &self.name, &self.uuid].iter().any(|name| *name == id)
            || self.uuid.replace('-', "") == id
            || [&self.app_id, &self.instance_id].iter().any(|name| *name == hex)
    }
}

/// Hex digits that look random but are the same in every run: FNV-1a over the key, the purpose, and the position.
fn hex_digits(key: &str, purpose: &str, count: usize) -> String {
    let word = |place: u8| {
        let bytes = purpose.bytes().chain([place]).chain(key.bytes());
        let hash =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        format!("{hash:016x}")
    };
    let mut digits: String = (0..count.div_ceil(16)).map(|place| word(u8::try_from(place).unwrap_or(0))).collect();
    digits.truncate(count);
    digits
}
