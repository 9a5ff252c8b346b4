//! Chromium without a window, spoken to by the DevTools protocol.

use std::collections::VecDeque;
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

const PATIENCE: Duration = Duration::from_secs(60);
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A browser with one page; ended when the value is dropped.
pub struct Browser {
    process: Child,
    socket: WebSocket<TcpStream>,
    session: String,
    last: u64,
    events: VecDeque<Value>,
    // Goes after the process that uses it.
    _profile: TempDir,
}

impl Browser {
    /// Starts it with an empty page.
    pub fn start() -> Self {
        let profile = folder();
        let mut command = command();
        command.args(["--headless=new", "--remote-debugging-port=0", "--no-first-run", "--disable-gpu"]);
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"]);
        command.arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
        let log = fs::File::create(profile.path().join("log")).unwrap();
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let said = || fs::read_to_string(profile.path().join("log")).unwrap_or_default();
        let deadline = Instant::now() + PATIENCE;
        // The port and the path at which it listens.
        let (port, path) = loop {
            let known = fs::read_to_string(profile.path().join("DevToolsActivePort")).unwrap_or_default();
            if let Some((port, path)) = known.split_once('\n').filter(|(_, path)| !path.is_empty()) {
                break (port.to_owned(), path.trim().to_owned());
            }
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "the browser does not start: {ended:?}\n{}", said());
            std::thread::sleep(Duration::from_millis(20));
        };
        let stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = tungstenite::client(format!("ws://127.0.0.1:{port}{path}"), stream).unwrap();
        let session = String::new();
        let mut browser = Self { process, socket, session, last: 0, events: VecDeque::new(), _profile: profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// A window of this size with this colour scheme.
    pub fn window(&mut self, width: u32, height: u32, scheme: &str) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.call("Emulation.setEmulatedMedia", json!({ "features": [feature] }));
    }

    /// Opens a file anew, and waits until the page has drawn itself.
    pub fn open(&mut self, path: &Path) {
        self.call("Page.navigate", json!({ "url": "about:blank" }));
        self.until("location.href === 'about:blank' && document.readyState === 'complete'");
        self.events.clear();
        self.call("Page.navigate", json!({ "url": format!("file://{}", path.display()) }));
        // Of the page before there may be no element left in the meantime.
        self.until("document.documentElement?.dataset.drawn !== undefined && document.readyState === 'complete'");
    }

    /// Waits until an expression is true.
    pub fn until(&mut self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.value(expression) != Value::Bool(true) {
            assert!(Instant::now() < deadline, "not after {PATIENCE:?}: {expression}\n{:?}", self.complaints());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The value of an expression within the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let answer = self.call("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true }));
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// What the console said, exceptions and refusals of the browser included.
    pub fn complaints(&mut self) -> Vec<String> {
        let of = |event: &&Value| {
            let method = event["method"].as_str().unwrap_or_default();
            matches!(method, "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded")
        };
        self.events.iter().filter(of).map(ToString::to_string).collect()
    }

    /// Addresses that were asked for, other than the file itself and what stands in it.
    pub fn requests(&mut self) -> Vec<String> {
        let url = |event: &Value| event["params"]["request"]["url"].as_str().map(str::to_owned);
        let sent = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        sent.filter_map(url).filter(|url| !url.starts_with("file://") && !url.starts_with("data:")).collect()
    }

    /// Calls a method, and returns its result; events in between are kept.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        self.socket.send(Message::text(message.to_string())).unwrap();
        loop {
            let Message::Text(text) = self.socket.read().unwrap() else { continue };
            let mut answer: Value = serde_json::from_str(&text).unwrap();
            if answer["id"] == self.last {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.events.push_back(answer);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked to, it ends its helpers too; they would write into the profile while that is removed.
        let _ = self.socket.send(Message::text(json!({ "id": 0, "method": "Browser.close" }).to_string()));
        let deadline = Instant::now() + Duration::from_secs(5);
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder that the browser may read: one that comes as a snap sees nothing of /tmp.
pub fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn command() -> Command {
    let works = |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    let name = NAMES.iter().find(works).unwrap_or_else(|| {
        panic!("there is no Chromium here: this test opens the page. Run `deploy/local/services install chromium`.")
    });
    let mut command = Command::new(name);
    let user = Command::new("id").arg("-u").output().unwrap().stdout;
    if user.trim_ascii() == b"0" {
        // Its sandbox refuses to be root's; nothing but our own page is opened.
        command.arg("--no-sandbox");
    }
    command
}
