//! The pages in a real browser. Runs where `chromedriver` and a Chromium are on the PATH (`scripts/test` sees to it).

mod acting;
mod bench;
mod browser;
mod keyboard;
mod live;
mod looks;
mod many;
mod plain;
mod repair;
mod screenshots;
mod world;
