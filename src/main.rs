//! The commands of the `bureau` binary.

use bureau::config::Config;
use bureau::types::clock::Clock;

fn main() {
    let config = Config::load(&Default::default()).unwrap_or_else(|e| {
        eprintln!("{e}");
        std::process::exit(1)
    });
    tracing_subscriber::fmt().init();
    let app = bureau::app::open(config, Clock::System).unwrap_or_else(|e| {
        eprintln!("{e}");
        std::process::exit(1)
    });
    if let Err(e) = actix_web::rt::System::new().block_on(bureau::app::serve(app)) {
        eprintln!("{e}");
        std::process::exit(1)
    }
}
