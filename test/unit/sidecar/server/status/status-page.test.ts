import { expect } from 'chai'
import fc from 'fast-check'
import { statusPage } from '../../../../../sidecar/server/status/status-page.js'
import {
  certificate,
  days,
  emptyRole,
  minutes,
  NOW,
  readyRole,
  snapshotOf,
} from '../../../../support/snapshots.js'

const page = (more: Parameters<typeof snapshotOf>[0] = {}): string =>
  statusPage(snapshotOf(more), NOW, '1.2.3')

/** What a person reads, in one line. */
const words = (text: string): string =>
  text
    .replace(/<(style|title)>.*?<\/\1>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, ' ')

describe('the status page', () => {
  it('says the state in words, in the title too', () => {
    expect(page()).to.contain('<title>Ready: 1 role ready; certificate expires in 12 days</title>')
    expect(words(page())).to.match(/^ Ready 1 role ready; certificate expires in 12 days /)
  })

  it('shows each role with its session', () => {
    const text = words(
      page({ roles: [readyRole(), emptyRole({ name: 'archive', nextRefreshAt: minutes(4) })] }),
    )
    expect(text).to.contain('default Ready arn:aws:iam::123456789012:role/app')
    expect(text).to.contain(
      'obtained 20 min ago next refresh in 20 min expires 18:23:04, in 40 min',
    )
    expect(text).to.match(/archive Starting .* no session next attempt in 4 min/)
  })

  it('says that a refresh is under way when it is due', () => {
    expect(words(page({ roles: [readyRole({ nextRefreshAt: minutes(-1) })] }))).to.contain(
      'next refresh now',
    )
  })

  it('shows the certificate', () => {
    const text = words(page())
    expect(text).to.contain('CN=app,O=Example Valid')
    expect(text).to.contain('expires 2026-12-04 17:43:04 UTC, in 12 days')
    expect(text).to.contain(
      'Serial number 4660 Intermediates 1 Loaded 2026-11-22 14:33:04 UTC, 3 h 10 min ago',
    )
    const { certificate: _, ...none } = snapshotOf()
    expect(words(statusPage(none, NOW, '1'))).to.contain('Certificate Not read yet')
    expect(words(page({ certificate: certificate({ notAfter: days(-1) }) }))).to.contain('Expired')
  })

  it('shows events, newest first, with the day when it is another one', () => {
    const events = [
      { at: days(-1), level: 'info', message: 'serving credentials' },
      { at: minutes(-1), level: 'warn', message: 'refresh failed', role: 'default' },
    ] as const
    expect(words(page({ events }))).to.contain(
      '17:42:04 warn default refresh failed 2026-11-21 17:43:04 info serving credentials',
    )
    expect(words(page())).to.contain('nothing happened yet')
  })

  it('has no script, no form, and loads nothing from elsewhere', () => {
    const text = page({
      roles: [readyRole(), emptyRole()],
      events: [{ at: NOW, level: 'info', message: 'x' }],
    })
    expect(text).to.not.match(/<script|<form|<iframe|<img|@import|url\(|\bon\w+=|style="|https?:/i)
    expect([...text.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link]) => link)).to.deep.equal([
      'data:,',
      '/readyz',
      '/healthz',
      '/metrics',
    ])
  })

  it('opens and closes its elements in order, whatever texts it shows', () => {
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, text, (name, subject, message) => {
        const shown = page({
          roles: [readyRole({ name, roleArn: message }), emptyRole({ name: subject })],
          certificate: certificate({ subject, serialNumber: message }),
          events: [{ at: NOW, level: 'error', message, role: name }],
        })
        expect(unbalanced(shown)).to.deep.equal([])
      }),
      { numRuns: 50 },
    )
  })
})

const VOID = new Set(['meta', 'link'])

/** Elements that are not closed, or closed in the wrong order. */
function unbalanced(text: string): string[] {
  const open: string[] = []
  for (const [, end, name = '', closed] of text.matchAll(/<(\/?)([a-z]\w*)\b[^>]*?(\/?)>/g)) {
    if (end) {
      if (open.pop() !== name) return [`</${name}>`]
    } else if (!closed && !VOID.has(name)) open.push(name)
  }
  return open
}
