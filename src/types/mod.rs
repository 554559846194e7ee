//! Values that every layer speaks: ids, money, durations, instants and text enums.
//!
//! Nothing here knows the web or a table. No float touches money or time.

pub mod calendar;
pub mod clock;
pub mod color;
pub mod country;
pub mod duration;
pub mod ids;
pub mod markdown;
pub mod money;
pub mod pagination;
pub mod qr;
pub mod text;
#[macro_use]
pub mod text_enum;
pub mod terms;
pub mod zone;
