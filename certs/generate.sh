#!/usr/bin/env bash
# Makes every file of certs/test/ anew: throw-away keys, and certificates good and bad.
# Names, serials and dates are fixed; keys are new each time. Needs OpenSSL 3.0 with its legacy provider.
set -euo pipefail
umask 077

here=$(cd "$(dirname "$0")" && pwd)
out=$here/test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$out"
mkdir -p "$out"
cd "$out"

# One passphrase for all, not ASCII on purpose. certs/README.md and the tests name it too.
pass='pässphrase ✓'
subject=/C=DE/O=Example
good_from=20200101000000Z
good_until=21200101000000Z
legacy=(-provider default -provider legacy)

cat >"$work/ca.cnf" <<CONF
[ca]
default_ca = default
[default]
new_certs_dir = $work
database = $work/index.txt
serial = $work/serial
unique_subject = no
policy = anything
email_in_dn = no
string_mask = utf8only
[anything]
countryName = optional
organizationName = optional
commonName = optional
[leaf]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf_without_key_id]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
authorityKeyIdentifier = none
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[no_key_usage]
basicConstraints = critical, CA:false
[key_encipherment]
basicConstraints = critical, CA:false
keyUsage = critical, keyEncipherment
[ca_that_signs]
basicConstraints = critical, CA:true
keyUsage = critical, digitalSignature, keyCertSign
[req]
distinguished_name = name
[name]
CONF
: >"$work/index.txt"

# new_key FILE KIND: an unencrypted PKCS#8 key.
new_key() {
  case $2 in
    rsa-*) openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa-}" -out "$1" ;;
    ed25519) openssl genpkey -algorithm ED25519 -out "$1" ;;
    *) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1" ;;
  esac
}

# certify NAME KEY SUBJECT SERIAL ISSUER EXTENSIONS [ca options]: ISSUER is a name, or "self".
certify() {
  local name=$1 key=$2 dn=$3 serial=$4 issuer=$5 extensions=$6
  shift 6
  local by=(-cert "$issuer.pem" -keyfile "$work/$issuer.key")
  [ "$issuer" != self ] || by=(-selfsign -keyfile "$key")
  local ext=(-extensions "$extensions")
  [ "$extensions" != none ] || ext=()
  echo "$serial" >"$work/serial"
  openssl req -new -utf8 -config "$work/ca.cnf" -key "$key" -subj "$dn" -out "$work/request.pem"
  openssl ca -batch -notext -utf8 -preserveDN -config "$work/ca.cnf" "${by[@]}" "${ext[@]}" \
    -startdate $good_from -enddate $good_until -md sha256 "$@" \
    -in "$work/request.pem" -out "$name.pem" 2>"$work/log" || { cat "$work/log" >&2; return 1; }
}

# --- authorities: their keys are not kept ---
authority() {
  new_key "$work/$1.key" P-256
  certify "$1" "$work/$1.key" "$subject/CN=$2" "$3" "$4" authority "${@:5}"
}
authority root 'Test Root' 01 self
authority other-root 'Other Root' 02 self
authority intermediate-1 'Test Intermediate 1' 11 root
authority intermediate-2 'Test Intermediate 2' 12 intermediate-1
authority intermediate-3 'Test Intermediate 3' 13 intermediate-2
authority intermediate-4 'Test Intermediate 4' 14 intermediate-3
authority intermediate-5 'Test Intermediate 5' 15 intermediate-4
authority intermediate-6 'Test Intermediate 6' 16 intermediate-5
authority intermediate-expired 'Expired Intermediate' 17 root -enddate 20210101000000Z
authority intermediate-sha1 'SHA-1 Intermediate' 18 root -md sha1
# The same authority as the first, from a time when its certificate had another end.
certify intermediate-1.old "$work/intermediate-1.key" "$subject/CN=Test Intermediate 1" 1c root authority -enddate 20210101000000Z
# The one authority with an RSA key, for a signature with RSA-PSS.
new_key "$work/intermediate-rsa.key" rsa-2048
certify intermediate-rsa "$work/intermediate-rsa.key" "$subject/CN=RSA Intermediate" 1d root authority
authority other-intermediate 'Other Intermediate' 19 other-root
# The first intermediate's subject with another key, and its subject and key with another issuer.
authority intermediate-1.impostor 'Test Intermediate 1' 1a other-root
certify intermediate-1.cross "$work/intermediate-1.key" "$subject/CN=Test Intermediate 1" 1b other-root authority
cat intermediate-2.pem intermediate-1.pem >intermediates.pem
cat intermediate-6.pem intermediate-5.pem intermediate-4.pem intermediate-3.pem \
  intermediate-2.pem intermediate-1.pem >intermediates-6.pem

# --- good certificates, with PKCS#8 keys ---
for kind in rsa-2048 rsa-4096 P-256 P-384 P-521; do
  name=${kind/P-/ec-p}
  new_key "$name.key.pem" "$kind"
done
certify rsa-2048 rsa-2048.key.pem "$subject/CN=rsa-2048" 1001 root leaf
certify rsa-4096 rsa-4096.key.pem "$subject/CN=rsa-4096" 1002 root leaf
certify ec-p256 ec-p256.key.pem "$subject/CN=ec-p256" 1003 root leaf
certify ec-p384 ec-p384.key.pem "$subject/CN=ec-p384" 1004 root leaf -md sha384
certify ec-p521 ec-p521.key.pem "$subject/CN=ec-p521" 1005 root leaf -md sha512
key=ec-p256.key.pem
certify subject-unicode $key "$subject/CN=Zoë, «Ünïté» #1" 1006 root leaf
certify serial-top-bit $key "$subject/CN=serial-top-bit" F000000000000000000000000000000000000001 root leaf
certify rsa-pss rsa-2048.key.pem "$subject/CN=rsa-pss" 1008 intermediate-rsa leaf -sigopt rsa_padding_mode:pss
certify ec-p256.renewed $key "$subject/CN=ec-p256" 1007 root leaf -enddate 21210101000000Z

# --- forms of certificate and key ---
openssl x509 -in ec-p256.pem -outform DER -out ec-p256.der
cp ec-p256.der ec-p256.der.pem
openssl pkcs8 -topk8 -nocrypt -in $key -outform DER -out ec-p256.key.der
openssl rsa -traditional -in rsa-2048.key.pem -out rsa-2048.pkcs1.key.pem 2>/dev/null
openssl rsa -traditional -in rsa-2048.key.pem -outform DER -out rsa-2048.pkcs1.key.der 2>/dev/null
openssl ec -in $key -out ec-p256.sec1.key.pem 2>/dev/null
openssl ec -in $key -outform DER -out ec-p256.sec1.key.der 2>/dev/null
{ openssl ecparam -name prime256v1; cat ec-p256.sec1.key.pem; } >ec-p256.parameters.key.pem
cat $key ec-p256.pem >ec-p256.combined.pem

# --- encrypted keys ---
encrypt() { openssl pkcs8 -topk8 "${legacy[@]}" -in $key -passout "pass:$pass" -out "ec-p256.$1.key.pem" "${@:2}"; }
for cipher in aes-128-cbc aes-192-cbc aes-256-cbc aes-256-ecb aes-256-cfb aes-256-ofb aria-256-cbc \
  camellia-256-cbc camellia-256-ctr des-ede3-cbc sm4-cbc des-cbc rc2-cbc rc4 bf-cbc cast5-cbc seed-cbc; do
  encrypt "pbes2-$cipher" -v2 $cipher
done
for prf in SHA1 SHA224 SHA384 SHA512 SHA512-256; do
  encrypt "pbes2-hmac-${prf,,}" -v2 aes-256-cbc -v2prf "hmacWith$prf"
done
encrypt pbes2-scrypt -scrypt
encrypt pbes2-iterations -v2 aes-256-cbc -iter 10000001
openssl pkcs8 -topk8 -in $key -passout "pass:$pass" -outform DER -out ec-p256.pbes2.key.der
for scheme in SHA1-3DES SHA1-2DES SHA1-RC2-40 SHA1-RC4-128 MD5-DES; do
  encrypt "pbes1-${scheme,,}" -v1 "PBE-$scheme"
done
for cipher in aes128 aes192 aes256 des3 des; do
  openssl ec "${legacy[@]}" -in $key -$cipher -passout "pass:$pass" -out "ec-p256.legacy-$cipher.key.pem" 2>/dev/null
done
openssl rsa -traditional -in rsa-2048.key.pem -aes256 -passout "pass:$pass" \
  -out rsa-2048.legacy-aes256.key.pem 2>/dev/null

# --- PKCS#12 ---
pack() { openssl pkcs12 -export -passout "pass:$pass" "${@:2}" -out "$1.p12"; }
pack ec-p256 -inkey $key -in ec-p256.pem -name 'a friendly näme'
pack ec-p256.old -inkey $key -in ec-p256.pem -legacy
pack ec-p256.rc2-128 -inkey $key -in ec-p256.pem -certpbe PBE-SHA1-RC2-128 -keypbe PBE-SHA1-RC2-128 -legacy
pack ec-p256.rc4 -inkey $key -in ec-p256.pem -certpbe PBE-SHA1-RC4-128 -keypbe PBE-SHA1-RC4-128 -legacy
pack ec-p256.aria -inkey $key -in ec-p256.pem -certpbe ARIA-256-CBC -keypbe CAMELLIA-256-CBC -macalg SHA512
pack ec-p256.no-mac -inkey $key -in ec-p256.pem -nomac
pack ec-p256.plain -inkey $key -in ec-p256.pem -certpbe NONE -keypbe NONE -nomac
pack ec-p256.empty-passphrase -inkey $key -in ec-p256.pem -passout pass:
pack rsa-2048 -inkey rsa-2048.key.pem -in rsa-2048.pem
pack rsa-2048.old -inkey rsa-2048.key.pem -in rsa-2048.pem -legacy
pack no-key -nokeys -in ec-p256.pem
pack no-certificate -nocerts -inkey $key 2>/dev/null

# --- chains ---
new_key chain.key.pem P-256
certify chain chain.key.pem "$subject/CN=chain" 2001 intermediate-2 leaf
certify chain-1 chain.key.pem "$subject/CN=chain-1" 2002 intermediate-1 leaf
certify chain-1.no-key-id chain.key.pem "$subject/CN=chain-1.no-key-id" 2006 intermediate-1 leaf_without_key_id
certify chain-6 chain.key.pem "$subject/CN=chain-6" 2003 intermediate-6 leaf
certify chain-expired chain.key.pem "$subject/CN=chain-expired" 2004 intermediate-expired leaf
certify chain-sha1 chain.key.pem "$subject/CN=chain-sha1" 2005 intermediate-sha1 leaf
cat chain.pem intermediates.pem >chain.full.pem
cat chain.full.pem root.pem >chain.with-root.pem
cat root.pem intermediate-1.pem chain.pem intermediate-2.pem intermediate-1.pem chain.pem >chain.shuffled.pem
cat intermediate-1.impostor.pem intermediate-1.cross.pem intermediate-1.old.pem intermediate-1.pem root.pem intermediate-2.pem >intermediates.variants.pem
pack chain -inkey chain.key.pem -in chain.full.pem
openssl pkcs12 -in chain.p12 -passin "pass:$pass" -nodes -out chain.bag-attributes.pem

# --- bad ones ---
certify expired $key "$subject/CN=expired" 3001 root leaf -enddate 20210101000000Z
certify not-yet-valid $key "$subject/CN=not-yet-valid" 3002 root leaf -startdate 21190101000000Z
certify ca $key "$subject/CN=ca" 3003 root ca_that_signs
certify v1 $key "$subject/CN=v1" 3004 root none
certify no-key-usage $key "$subject/CN=no-key-usage" 3005 root no_key_usage
cp $key "$work/no-key-usage.key"
certify chain-not-ca chain.key.pem "$subject/CN=chain-not-ca" 2007 no-key-usage leaf_without_key_id
certify no-digital-signature $key "$subject/CN=no-digital-signature" 3006 root key_encipherment
certify sha1 $key "$subject/CN=sha1" 3007 root leaf -md sha1
certify empty-subject $key / 3008 root leaf
new_key ed25519.key.pem ed25519
certify ed25519 ed25519.key.pem "$subject/CN=ed25519" 3009 root leaf
new_key rsa-1024.key.pem rsa-1024
certify rsa-1024 rsa-1024.key.pem "$subject/CN=rsa-1024" 300a root leaf
new_key ec-secp256k1.key.pem secp256k1
certify ec-secp256k1 ec-secp256k1.key.pem "$subject/CN=ec-secp256k1" 300b root leaf
head -n 6 ec-p256.pem >truncated.pem
head -n 3 $key >truncated.key.pem
openssl req -new -config "$work/ca.cnf" -key $key -subj "$subject/CN=request" -out request.pem
openssl req -in request.pem -outform DER -out request.der
openssl pkey -in $key -pubout -out public-key.pem
openssl crl2pkcs7 -nocrl -certfile chain.full.pem -out chain.p7b
iconv -f UTF-8 -t UTF-16 ec-p256.pem >utf-16.pem
printf 'not a certificate\n' >text.pem
