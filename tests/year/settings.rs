//! The configuration that the daemon of the year is given.

use std::time::Duration;

use fastrand::Rng;

/// What of the configuration differs in a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Hours between the runs of a client.
    pub hours: u64,
    /// Requests an hour.
    pub cap: u32,
    /// Requests at a time at one endpoint.
    pub places: usize,
    /// The share of a client's contracts that may vanish at once, in percent.
    pub percent: usize,
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted { hours: 24, cap: 2000, places: 2, percent: 20 }
    }
}

impl Wanted {
    /// A configuration that somebody may choose for a while; mostly the usual one.
    pub fn any(rng: &mut Rng) -> Wanted {
        let usual = Wanted::default();
        match rng.u8(..6) {
            0 => Wanted { hours: [12, 18, 36, 48][rng.usize(..4)], ..usual },
            1 => Wanted { cap: rng.u32(150..400), ..usual },
            2 => Wanted { places: 1, ..usual },
            3 => Wanted { percent: 100, ..usual },
            _ => usual,
        }
    }

    pub fn interval(&self) -> Duration {
        Duration::from_secs(self.hours * 3600)
    }

    /// The file.
    pub fn text(&self) -> String {
        let Wanted { hours, cap, places, percent } = self;
        format!(
            "version = 1\n[autotask]\nusername = \"api@MSP.EXAMPLE\"\nintegration-code = \"x\"\n\
             max-requests-per-hour = {cap}\nconcurrency-per-endpoint = {places}\n[sync]\n\
             interval = \"{hours}h\"\n[guard]\nmax-vanished-percent = {percent}\n[store]\n\
             history = \"30d\"\n"
        )
    }
}
