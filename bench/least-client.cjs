'use strict'
// What a client in Node cannot do without: reading certificate and key, one signature, one TLS exchange.
// The least that `credential-process` could take. Its arguments are the flags of `credential-process`.
const { createPrivateKey, sign, X509Certificate } = require('node:crypto')
const { readFileSync } = require('node:fs')
const { request } = require('node:https')

const flag = (name) => process.argv[process.argv.indexOf(`--${name}`) + 1] ?? ''
const { serialNumber } = new X509Certificate(readFileSync(flag('certificate')))
const key = createPrivateKey(readFileSync(flag('private-key')))
const signature = sign('sha256', Buffer.from(serialNumber), key).toString('hex')
const { hostname, port } = new URL(flag('endpoint'))
const outgoing = request({
  ...{ hostname, port, path: '/sessions', method: 'POST', agent: false },
  ca: readFileSync(flag('ca-bundle')),
})
outgoing.on('response', (answer) => answer.resume().on('end', () => process.exit(0)))
outgoing.end(signature)
