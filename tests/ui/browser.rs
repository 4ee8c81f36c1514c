//! A browser without a screen, of a test's own.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use thirtyfour::{By, ChromiumLikeCapabilities, DesiredCapabilities, WebDriver, WebElement};

use crate::support::{eventually, skipped};

/// Keeps what goes wrong in a page: errors, messages on the console, breaches of the security policy. Of all pages of a
/// session together, so it is kept in the session's storage.
const WATCH: &str = "
const keep = (text) => sessionStorage.setItem('wrong', (sessionStorage.getItem('wrong') ?? '') + text + '\\n');
for (const kind of ['error', 'warn']) { const say = console[kind]; console[kind] = (...what) => { keep(what.join(' ')); say(...what); }; }
addEventListener('error', (event) => keep(event.message ?? `${event.target.localName} could not be loaded`), true);
addEventListener('unhandledrejection', (event) => keep(String(event.reason)));
addEventListener('securitypolicyviolation', (event) => keep(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
";

/// A driver with its browser; both end with it.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        // The browser is in the driver's group.
        let group = nix::unistd::Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL).ok();
        drop(self.0.wait());
    }
}

/// A browser.
pub(super) struct Browser {
    pub(super) driver: WebDriver,
    base: String,
    _driver: Driver,
}

impl Browser {
    /// A browser for the pages at this address; `None`, and a word about it, where there is none.
    pub(super) async fn open(address: &str) -> Option<Self> {
        Self::open_as(address, true).await
    }

    /// One that runs scripts, or doesn't.
    pub(super) async fn open_as(address: &str, scripts: bool) -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let Ok(child) = command.spawn() else {
            skipped("chromedriver (Debian packages chromium and chromium-driver) is not on PATH");
            return None;
        };
        let mut driver = Driver(child);
        let said = BufReader::new(driver.0.stdout.take().unwrap()).lines().map_while(Result::ok);
        let line =
            said.into_iter().find(|line| line.contains("successfully on port ")).expect("the driver says its port");
        let port = line.rsplit("on port ").next().unwrap().trim_end_matches('.').to_owned();
        // Plain HTTP needs no TLS, but the client asks for it.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut wanted = DesiredCapabilities::chrome();
        for argument in
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        {
            wanted.add_arg(argument).unwrap();
        }
        if !scripts {
            let refused = json!({"profile.managed_default_content_settings.javascript": 2});
            wanted.add_experimental_option("prefs", refused).unwrap();
        }
        let session = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.unwrap();
        let browser = Self { driver: session, base: format!("http://{address}"), _driver: driver };
        browser.at_load(WATCH).await;
        browser.look(1440, false).await;
        Some(browser)
    }

    /// Runs a script in each page from now on, before the page's own.
    pub(super) async fn at_load(&self, script: &str) {
        self.tell("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await;
    }

    /// Sets the width of its window, and whether the system is dark.
    pub(super) async fn look(&self, width: u32, dark: bool) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.tell("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.tell("Emulation.setEmulatedMedia", media).await;
    }

    /// Goes to a page.
    pub(super) async fn go(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.base)).await.unwrap();
    }

    /// Runs a script in the page and returns what it returns.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.driver.execute(script, vec![]).await.unwrap().json().clone()
    }

    /// The text of the page as a reader sees it.
    pub(super) async fn text(&self) -> String {
        self.run("return document.body.innerText").await.as_str().unwrap().to_owned()
    }

    /// Waits until the page shows this.
    pub(super) async fn shows(&self, text: &str) {
        eventually(&format!("the page shows `{text}`"), async || self.text().await.contains(text)).await;
    }

    /// The element; fails the test if there is none.
    pub(super) async fn find(&self, selector: &str) -> WebElement {
        self.driver.find(By::Css(selector)).await.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    /// Presses what has this text, a link or a button.
    pub(super) async fn press(&self, within: &str, text: &str) {
        let script = format!(
            "return [...document.querySelectorAll({})].find((one) => one.innerText.trim().startsWith({}))",
            json!(format!("{within} a, {within} button")),
            json!(text)
        );
        let found = self.driver.execute(script, vec![]).await.unwrap().element();
        found.unwrap_or_else(|_| panic!("nothing to press says `{text}`")).click().await.unwrap();
    }

    /// Where it is.
    pub(super) async fn place(&self) -> String {
        let url = self.driver.current_url().await.unwrap().to_string();
        url.strip_prefix(&self.base).unwrap_or(&url).to_owned()
    }

    /// A picture of the whole page, as PNG.
    pub(super) async fn picture(&self) -> Vec<u8> {
        use base64::Engine as _;
        let size = self.run("return [innerWidth, document.documentElement.scrollHeight]").await;
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1].as_u64().unwrap().min(2400), "scale": 1});
        let asked = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let taken = self.tell("Page.captureScreenshot", asked).await;
        base64::engine::general_purpose::STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// What went wrong in the pages of this session so far.
    pub(super) async fn wrong(&self) -> String {
        self.run("return sessionStorage.getItem('wrong') ?? ''").await.as_str().unwrap().to_owned()
    }

    /// Closes it, and fails the test if a page had something to complain about.
    pub(super) async fn close(self) {
        let wrong = self.wrong().await;
        self.driver.quit().await.unwrap();
        assert_eq!(wrong, "", "a page complained");
    }

    async fn tell(&self, command: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(command, parameters).await.unwrap()
    }
}
