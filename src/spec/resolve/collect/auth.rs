use crate::domain::step::{HmacAuth, HttpAuth};
use crate::spec::problems::At;
use crate::spec::raw::{RawAuth, RawHmacAuth};
use crate::spec::resolve::names::Names;
use crate::spec::resolve::resolver::Resolver;

impl Resolver<'_, '_> {
    pub(super) fn auth(&mut self, raw: &RawAuth, at: At<'_>, names: &Names) -> Option<HttpAuth> {
        let kinds = [("basic", raw.basic.is_some()), ("bearer", raw.bearer.is_some()), ("hmac", raw.hmac.is_some())];
        match self.one_of(at, &kinds)? {
            "basic" => {
                let basic = raw.basic.as_ref()?;
                let at = at.key("basic");
                let user = basic.user.as_ref().map(|user| self.text(user, at.key("user"), names));
                let password = basic.password.as_ref().map(|password| self.text(password, at.key("password"), names));
                Some(HttpAuth::Basic { user: user?, password: password? })
            }
            "hmac" => self.hmac(raw.hmac.as_ref()?, at.key("hmac"), names).map(|hmac| HttpAuth::Hmac(Box::new(hmac))),
            _ => Some(HttpAuth::Bearer(self.text(raw.bearer.as_ref()?, at.key("bearer"), names))),
        }
    }

    fn hmac(&mut self, raw: &RawHmacAuth, at: At<'_>, names: &Names) -> Option<HmacAuth> {
        let secret = raw.secret.as_ref().map(|secret| self.text(secret, at.key("secret"), names));
        let signed = names.of_a_signature();
        let message = raw.message.as_ref().map(|message| self.text(message, at.key("message"), &signed));
        let (encoding, algorithm) = (raw.encoding.unwrap_or_default(), raw.algorithm.unwrap_or_default());
        Some(HmacAuth { secret: secret?, message: message?, header: raw.header.clone()?, encoding, algorithm })
    }
}
