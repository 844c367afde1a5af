import { expect } from 'chai'
import { checkBoundaries } from '../../../tools/check-boundaries.js'
import { linesOf, treeOf } from './bad-tree.js'

const check = (files: Record<string, string>): string[] => linesOf(checkBoundaries(treeOf(files)))

describe('checkBoundaries', () => {
  it('finds nothing in a tree whose imports all point down', () => {
    const found = check({
      'src/errors.ts': '',
      'src/clock.ts': '',
      'src/protocol/arn.ts': "import { hash } from 'node:crypto'\nimport '../errors.js'",
      'src/session/client.ts': "import '../protocol/arn.js'\nimport { connect } from 'node:net'",
      'src/cli/doctor.ts': "import '../session/client.js'",
      'src/emulator/app.ts': "import express from 'express'",
      'src/bin.ts': "await import('./cli/doctor.js')\nsetTimeout(() => process.exit(), Date.now())",
    })
    expect(found).to.deep.equal([])
  })

  for (const { statement, why } of [
    { statement: "import { readFileSync } from 'node:fs'", why: 'a value' },
    { statement: "import type { Stats } from 'node:fs'", why: 'a type' },
    { statement: "export { readFile } from 'node:fs'", why: 'a re-export' },
    { statement: "const fs = await import('node:fs')", why: 'a dynamic import' },
    { statement: "const fs = require('node:fs')", why: 'a require call' },
    { statement: "import fs = require('node:fs')", why: 'an import assignment' },
    { statement: "let stats: import('node:fs').Stats", why: 'an import type' },
  ]) {
    it(`names the file and line of an edge that is ${why}`, () => {
      expect(check({ 'src/protocol/arn.ts': `\n${statement}` })).to.deep.equal([
        'src/protocol/arn.ts:2 imports node:fs: floor 1 may not import node:fs',
      ])
    })
  }

  for (const { from, imports, finding } of [
    {
      from: 'src/errors.ts',
      imports: './protocol/target.js',
      finding: 'imports src/protocol/target.ts: the ground may not import src/protocol/',
    },
    {
      from: 'src/protocol/arn.ts',
      imports: '../x509/target.js',
      finding: 'imports src/x509/target.ts: floor 1 may not import src/x509/',
    },
    {
      from: 'src/x509/key.ts',
      imports: '../session/target.js',
      finding: 'imports src/session/target.ts: floor 1 may not import src/session/',
    },
    {
      from: 'src/session/client.ts',
      imports: '../cli/target.js',
      finding: 'imports src/cli/target.ts: floor 2 may not import src/cli/',
    },
    {
      from: 'src/emulator/verify.ts',
      imports: '../protocol/target.js',
      finding: 'imports src/protocol/target.ts: the emulator may not import src/protocol/',
    },
    {
      from: 'src/pki/issue.ts',
      imports: '../x509/target.js',
      finding: 'imports src/x509/target.ts: src/pki may not import src/x509/',
    },
    {
      from: 'sidecar/server/app.ts',
      imports: '../../src/session/target.js',
      finding: 'imports src/session/target.ts: sidecar/server may not import src/session/',
    },
    {
      from: 'src/session/client.ts',
      imports: '../../test/target.js',
      finding: 'imports test/target.ts: floor 2 may not import test/',
    },
    {
      from: 'src/session/client.ts',
      imports: './absent.js',
      finding: 'imports ./absent.js: no such file',
    },
    {
      from: 'src/emulator/verify.ts',
      imports: '@smithy/signature-v4',
      finding: 'imports @smithy/signature-v4: the emulator may not import @smithy/signature-v4',
    },
    {
      from: 'src/session/client.ts',
      imports: 'express/lib/router.js',
      finding: 'imports express/lib/router.js: floor 2 may not import express',
    },
    {
      from: 'sidecar/listen.ts',
      imports: 'express',
      finding: 'imports express: express stays in files like (^|[/-])app\\.ts$',
    },
    {
      from: 'src/x509/certificate.ts',
      imports: 'node-forge',
      finding: 'imports node-forge: node-forge stays in files like (^|[/-])pkcs12\\.ts$',
    },
    {
      from: 'src/session/client.ts',
      imports: 'node:timers/promises',
      finding: 'imports node:timers/promises: floor 2 may not import node:timers/promises',
    },
  ]) {
    it(`refuses ${from} to import ${imports}`, () => {
      const folders = ['src/protocol', 'src/x509', 'src/session', 'src/cli', 'test']
      const targets = Object.fromEntries(folders.map((folder) => [`${folder}/target.ts`, '']))
      const found = check({ ...targets, [from]: `import '${imports}'` })
      expect(found).to.deep.equal([`${from}:1 ${finding}`])
    })
  }

  it('lets only the command of a front end see the settings', () => {
    const files = { 'src/config/workload.ts': '', 'src/cli/main.ts': '', 'src/cli/command.ts': '' }
    const settings = "import '../../src/config/workload.js'\nimport '../../src/cli/command.js'"
    expect(check({ ...files, 'sidecar/server/command.ts': settings })).to.deep.equal([])
    expect(check({ ...files, 'sidecar/server/route.ts': settings })).to.deep.equal([
      'sidecar/server/route.ts:1 imports src/config/workload.ts: sidecar/server may not import src/config/',
      'sidecar/server/route.ts:2 imports src/cli/command.ts: sidecar/server may not import src/cli/',
    ])
    const main = "import '../../src/cli/main.js'"
    expect(check({ ...files, 'sidecar/server/command.ts': main })).to.deep.equal([
      'sidecar/server/command.ts:1 imports src/cli/main.ts: a command of the server may not import src/cli/',
    ])
  })

  it('asks for a row when a folder is new', () => {
    for (const file of ['src/metrics/counter.ts', 'sidecar/metrics/client.ts', 'src/stray.ts']) {
      expect(check({ [file]: '' })).to.deep.equal([
        `${file} lies in no known room: add it to tools/boundary-table.ts`,
      ])
    }
  })

  it('refuses a computed import, whose target nobody can check', () => {
    expect(check({ 'src/session/client.ts': 'await import(`./${name}.js`)' })).to.deep.equal([
      'src/session/client.ts:1 imports a computed name: write it out, so that it is checked',
    ])
  })

  for (const { code, name } of [
    { code: 'const a = Date.now()', name: 'Date.now' },
    { code: 'const a = new Date()', name: 'new Date()' },
    { code: 'const a = new Date', name: 'new Date()' },
    { code: 'const a = Date()', name: 'Date()' },
    { code: 'setTimeout(() => {}, 1)', name: 'setTimeout' },
    { code: 'const a = { setTimeout }', name: 'setTimeout' },
    { code: 'const a = process.env.HOME', name: 'process.env' },
    { code: "await fetch('x')", name: 'fetch' },
    { code: "console.log('x')", name: 'console.log' },
    { code: 'globalThis.process', name: 'globalThis.process' },
    { code: 'AbortSignal.timeout(1)', name: 'AbortSignal.timeout' },
    { code: 'Math.random()', name: 'Math.random' },
  ]) {
    it(`sees the global in \`${code}\` on floor 1`, () => {
      expect(check({ 'src/protocol/arn.ts': code })).to.deep.equal([
        `src/protocol/arn.ts:1 uses ${name}: floor 1 may not`,
      ])
    })
  }

  for (const code of [
    'const at = new Date(0)',
    'const isDate = (x: unknown) => x instanceof Date',
    'const process = (body: string): string => body\nprocess("x")',
    'socket.setTimeout(1)',
    'const a = { fetch: 1, process: 2 }',
    'interface Timers { setTimeout(): void; process: string }',
    'const ms = Date.parse("2026-01-01") + Math.max(1, 2)',
    'let at: Date | undefined',
  ]) {
    it(`does not mistake \`${code.split('\n')[0]}\` for a global`, () => {
      expect(check({ 'src/protocol/arn.ts': code })).to.deep.equal([])
    })
  }

  it('leaves the process to floor 2, but neither its environment nor time', () => {
    expect(
      check({
        'src/session/client.ts': 'kill(process.pid)\nuse(process.env)\nDate.now()\nprocess.exit()',
      }),
    ).to.deep.equal([
      'src/session/client.ts:2 uses process.env: floor 2 may not',
      'src/session/client.ts:3 uses Date.now: floor 2 may not',
      'src/session/client.ts:4 uses process.exit: floor 2 may not',
    ])
  })

  it('shows the way around a cycle, types included', () => {
    const found = check({
      'src/x509/a.ts': "import './b.js'",
      'src/x509/b.ts': "import type { C } from './c.js'",
      'src/x509/c.ts': "import './a.js'",
    })
    expect(found).to.deep.equal([
      'src/x509/a.ts is part of an import cycle: src/x509/a.ts -> src/x509/b.ts -> src/x509/c.ts -> src/x509/a.ts',
    ])
  })

  it('lets a table load on demand what reads the table', () => {
    const found = check({
      'src/commands.ts': "await import('./cli/completion.js')",
      'src/cli/completion.ts': "import '../commands.js'",
    })
    expect(found).to.deep.equal([])
  })

  it('shows the way from a light start to a heavy package, unless it is loaded on demand', () => {
    const found = check({
      'src/cli/credential-process.ts':
        "import '../x509/formats/pkcs12.js'\nawait import('../x509/keys/ml-dsa.js')",
      'src/x509/formats/pkcs12.ts': "import forge from 'node-forge'",
      'src/x509/keys/ml-dsa.ts': "import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js'",
    })
    expect(found).to.deep.equal([
      'src/cli/credential-process.ts loads node-forge at start-up: ' +
        'src/cli/credential-process.ts -> src/x509/formats/pkcs12.ts: use import()',
    ])
  })

  it('shows the way from a bundle to a room that it has nothing of, on demand or not', () => {
    const found = check({
      'src/bin-sidecar.ts': "import './cli/update.js'\nimport type { Pki } from './pki/pki.js'",
      'src/cli/update.ts': "await import('../doctor/checks.js')",
      'src/doctor/checks.ts': "import './finding.js'",
      'src/doctor/finding.ts': 'export const finding = 1',
      'src/pki/pki.ts': 'export interface Pki {}',
    })
    expect(found).to.deep.equal([
      'src/bin-sidecar.ts has src/doctor/ in its bundle: ' +
        'src/bin-sidecar.ts -> src/cli/update.ts -> src/doctor/checks.ts',
    ])
  })
})
