//! A device that keeps one passkey, in software: it makes a P-256 key and signs what it is asked to, as a browser passes
//! it on.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The device, and how it behaves.
#[derive(Debug, Clone)]
pub struct Authenticator {
    key: SigningKey,
    id: Vec<u8>,
    /// The person's handle, as it was told when the passkey was made.
    pub handle: Option<String>,
    /// How often it has signed.
    pub counter: u32,
    /// Whether it makes sure of who holds it.
    pub verifies: bool,
    /// The address that the browser is at.
    pub origin: String,
}

impl Authenticator {
    /// A device in a browser at `origin`.
    pub fn at(origin: &str) -> Self {
        Self {
            key: SigningKey::from_slice(&rand::random::<[u8; 32]>()).unwrap(),
            id: rand::random::<[u8; 16]>().to_vec(),
            handle: None,
            counter: 0,
            verifies: true,
            origin: origin.to_owned(),
        }
    }

    /// The same key under the name that another has.
    pub fn named_as(mut self, other: &Self) -> Self {
        self.id.clone_from(&other.id);
        self.handle.clone_from(&other.handle);
        self.counter = other.counter;
        self
    }

    /// The id of its passkey.
    pub fn id(&self) -> String {
        BASE64.encode(&self.id)
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false,
        })
        .to_string()
        .into_bytes()
    }

    /// The hash of our host, what happened, and how often.
    fn data(&mut self, host: &str, flags: u8) -> Vec<u8> {
        self.counter += 1;
        let mut data = Sha256::digest(host.as_bytes()).to_vec();
        // Bit 0: somebody was there; bit 2: it was made sure who.
        data.push(flags | 0x01 | if self.verifies { 0x04 } else { 0 });
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// Makes its passkey as `options` ask; the answer as the form carries it.
    pub fn make(&mut self, options: &Value) -> String {
        self.handle = Some(options["user"]["id"].as_str().unwrap().to_owned());
        let client_data = self.client_data("webauthn.create", options);
        let mut data = self.data(options["rp"]["id"].as_str().unwrap(), 0x40);
        data.extend([0; 16]);
        data.extend((self.id.len() as u16).to_be_bytes());
        data.extend(&self.id);
        let point = self.key.verifying_key().to_sec1_point(false);
        // CBOR: {1: 2, 3: -7, -1: 1, -2: x, -3: y}, which is ES256 on P-256.
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(point.x().unwrap().iter());
        data.extend([0x22, 0x58, 0x20]);
        data.extend(point.y().unwrap().iter());
        // CBOR: {"fmt": "none", "attStmt": {}, "authData": data}.
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt");
        object.push(0x64);
        object.extend(b"none");
        object.push(0x67);
        object.extend(b"attStmt");
        object.extend([0xa0, 0x68]);
        object.extend(b"authData");
        object.extend([0x58, data.len() as u8]);
        object.extend(data);
        json!({
            "id": self.id(), "rawId": self.id(), "type": "public-key", "extensions": {},
            "response": {
                "attestationObject": BASE64.encode(object), "clientDataJSON": BASE64.encode(client_data),
            },
        })
        .to_string()
    }

    /// Signs what `options` ask; the answer as the form carries it.
    pub fn sign(&mut self, options: &Value) -> String {
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(options["rpId"].as_str().unwrap(), 0);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(&client_data));
        let signature: Signature = self.key.sign(&signed);
        json!({
            "id": self.id(), "rawId": self.id(), "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": BASE64.encode(data), "clientDataJSON": BASE64.encode(client_data),
                "signature": BASE64.encode(signature.to_der().as_bytes()), "userHandle": self.handle,
            },
        })
        .to_string()
    }
}
