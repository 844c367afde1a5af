const KEY_STORE = 'only certificates and keys in files and PKCS#11 tokens are supported'

/** Flags of `aws_signing_helper` that this program must not take for something else. Name to reason. */
export const UNSUPPORTED_FLAGS: Readonly<Record<string, string>> = {
  'pkcs8-password':
    'a passphrase on the command line is visible to every process; use --private-key-passphrase-file or ROLESANYWHERE_PRIVATE_KEY_PASSPHRASE',
  'cert-selector': KEY_STORE,
  'system-store-name': KEY_STORE,
  'use-latest-expiring-certificate': KEY_STORE,
  'pkcs11-pin':
    'a PIN on the command line is visible to every process; use --pkcs11-pin-file, pin-source=file:… in the URI, or ROLESANYWHERE_PKCS11_PIN',
  'tpm-key-password': KEY_STORE,
  'no-tpm-key-password': KEY_STORE,
}
