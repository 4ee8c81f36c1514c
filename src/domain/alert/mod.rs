//! Alerts: what somebody should hear of, who is to be told, and in which words.
//!
//! An alert is recorded with what causes it, in one transaction where that is possible, and told afterwards by whichever
//! daemon claims it. Here is all of that which needs neither a database nor a network.

mod body;
mod kind;
mod message;
mod notify;
mod recorded;

pub use body::{json_text, plain_text, slack_body};
pub use kind::{AlertKind, AlertState};
pub use message::{Message, message, test_message};
pub use notify::{Notify, NotifyCommand, Webhook};
pub use recorded::{Alert, AlertDetail, AlertId};
