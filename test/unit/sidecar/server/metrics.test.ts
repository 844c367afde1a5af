import { spawnSync } from 'node:child_process'
import { expect } from 'chai'
import fc from 'fast-check'
import {
  createSidecarMetrics,
  METRICS,
  type SidecarMetrics,
} from '../../../../sidecar/server/metrics.js'
import { createCounter, createHistogram, familyText } from '../../../../sidecar/prometheus-text.js'
import type { CertificateSnapshot } from '../../../../sidecar/server/observer.js'
import { parsePrometheusText, type ParsedSample } from '../../../support/prometheus-text.js'
import {
  certificate,
  emptyRole,
  minutes,
  readyRole,
  snapshotOf,
} from '../../../support/snapshots.js'

const make = (): SidecarMetrics =>
  createSidecarMetrics({
    version: '1.2.3',
    roles: ['default', 'reports'],
    routes: ['container', 'imds', 'none'],
  })

function samplesOf(
  metrics: SidecarMetrics,
  key: keyof typeof METRICS,
  snapshot = snapshotOf(),
): readonly ParsedSample[] {
  return parsePrometheusText(metrics.text(snapshot)).get(METRICS[key].name)!.samples
}

const values = (samples: readonly ParsedSample[]): [string, number][] =>
  samples.map(({ labels, value }) => [Object.values(labels).join(' '), value])

describe('metrics of the sidecar', () => {
  it('are all there from the start, in the text format, each with its labels and no others', () => {
    const families = parsePrometheusText(make().text(snapshotOf()))
    expect([...families.keys()].sort()).to.deep.equal(
      Object.values(METRICS)
        .map(({ name }) => name)
        .sort(),
    )
    for (const { name, type, labels, help } of Object.values(METRICS)) {
      const family = families.get(name)!
      expect({ type: family.type, help: family.help }).to.deep.equal({ type, help })
      for (const sample of family.samples) {
        const known = Object.keys(sample.labels).filter((label) => label !== 'le')
        expect(known, name).to.deep.equal(labels)
      }
    }
  })

  it('have the names that users rely on', () => {
    expect(
      Object.values(METRICS).map(({ name, labels }) => `${name} ${labels.join()}`.trim()),
    ).to.have.members([
      'rolesanywhere_session_expiration_timestamp_seconds role',
      'rolesanywhere_certificate_expiration_timestamp_seconds',
      'rolesanywhere_refresh_total role,result',
      'rolesanywhere_refresh_duration_seconds',
      'rolesanywhere_last_refresh_success_timestamp_seconds role',
      'rolesanywhere_stale_served_total role',
      'rolesanywhere_credential_requests_total route,code',
      'rolesanywhere_credential_request_duration_seconds',
      'rolesanywhere_certificate_reload_total result',
      'rolesanywhere_certificate_reload_failing',
      'rolesanywhere_build_info version',
    ])
  })

  it('tell when sessions and certificate end, as Unix time', () => {
    const roles = [readyRole(), readyRole({ name: 'reports', expiration: minutes(30) })]
    const snapshot = snapshotOf({ roles })
    expect(values(samplesOf(make(), 'sessionExpiration', snapshot))).to.deep.equal([
      ['default', Date.parse('2026-11-22T18:23:04Z') / 1000],
      ['reports', Date.parse('2026-11-22T18:13:04Z') / 1000],
    ])
    expect(values(samplesOf(make(), 'lastRefreshSuccess', snapshot))[0]).to.deep.equal([
      'default',
      Date.parse('2026-11-22T17:23:04Z') / 1000,
    ])
    expect(values(samplesOf(make(), 'certificateExpiration', snapshot))).to.deep.equal([
      ['', Date.parse('2026-12-04T17:43:04Z') / 1000],
    ])
  })

  it('say 0 where there is no session and no certificate, so that rules can compare', () => {
    const nothing = { startedAt: minutes(0), roles: [emptyRole()], events: [] }
    for (const key of [
      'sessionExpiration',
      'lastRefreshSuccess',
      'certificateExpiration',
    ] as const) {
      expect(
        samplesOf(make(), key, nothing).map(({ value }) => value),
        key,
      ).to.deep.equal([0])
    }
  })

  it('tell for as long as changed certificate files cannot be used', () => {
    const failing = (reloadFailure?: CertificateSnapshot['reloadFailure']): number | undefined => {
      const snapshot = snapshotOf({ certificate: certificate(reloadFailure && { reloadFailure }) })
      return samplesOf(make(), 'certificateReloadFailing', snapshot)[0]?.value
    }
    expect(failing({ code: 'ERR_RA_KEY_MISMATCH', at: minutes(-300) })).to.equal(1)
    expect(failing()).to.equal(0)
  })

  it('count attempts by role and error code, and successes from 0', () => {
    const metrics = make()
    metrics.onRefresh('default', 'success', 120)
    metrics.onRefresh('default', 'ERR_RA_THROTTLED', 9_000)
    metrics.onRefresh('default', 'ERR_RA_THROTTLED', 10_000)
    expect(values(samplesOf(metrics, 'refreshes'))).to.deep.equal([
      ['default success', 1],
      ['reports success', 0],
      ['default ERR_RA_THROTTLED', 2],
    ])
  })

  it('put a duration into every bucket that it fits, in seconds', () => {
    const metrics = make()
    for (const ms of [100, 100.1, 40_000]) metrics.onRefresh('default', 'success', ms)
    const samples = samplesOf(metrics, 'refreshDuration')
    const at = (le: string): number | undefined =>
      samples.find(({ labels }) => labels['le'] === le)?.value
    expect([at('0.05'), at('0.1'), at('0.25'), at('30'), at('+Inf')]).to.deep.equal([0, 1, 2, 2, 3])
    expect(samples.find(({ name }) => name.endsWith('_sum'))?.value).to.be.closeTo(40.2001, 1e-9)
  })

  it('count requests by route and status, stale answers by role, and reloads by result', () => {
    const metrics = make()
    metrics.onCredentialRequest('container', 200, 0.2)
    metrics.onCredentialRequest('container', 200, 0.3)
    metrics.onCredentialRequest('imds', 401, 0.1)
    metrics.onStaleServed('reports')
    metrics.onReload('success')
    metrics.onReload('ERR_RA_KEY_MISMATCH')
    expect(values(samplesOf(metrics, 'credentialRequests'))).to.deep.equal([
      ['container 200', 2],
      ['imds 401', 1],
    ])
    expect(values(samplesOf(metrics, 'staleServed'))).to.deep.equal([
      ['default', 0],
      ['reports', 1],
    ])
    expect(values(samplesOf(metrics, 'certificateReloads'))).to.deep.equal([
      ['success', 1],
      ['ERR_RA_KEY_MISMATCH', 1],
    ])
  })

  it('do not grow with what clients send: what is on no list counts as other', () => {
    const metrics = make()
    for (let index = 0; index < 1000; index++) {
      metrics.onCredentialRequest(`/v1/credentials/${index}`, 404, 0.1)
      metrics.onStaleServed(`role-${index}`)
    }
    expect(values(samplesOf(metrics, 'credentialRequests'))).to.deep.equal([['other 404', 1000]])
    expect(values(samplesOf(metrics, 'staleServed')).at(-1)).to.deep.equal(['other', 1000])
  })

  it('pass the check of Prometheus itself', function () {
    const metrics = make()
    metrics.onRefresh('default', 'ERR_RA_THROTTLED', 12)
    metrics.onCredentialRequest('container', 200, 0.2)
    const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: metrics.text(snapshotOf()),
      encoding: 'utf8',
    })
    if (error) {
      console.warn('    skipped: the promtool command is not on this machine (package prometheus)')
      this.skip()
    }
    expect({ status, stdout, stderr }).to.deep.equal({ status: 0, stdout: '', stderr: '' })
  })
})

describe('the Prometheus text format', () => {
  const METRIC = {
    name: 'x_total',
    type: 'counter',
    labels: ['a', 'b'],
    help: 'Back\\slash\nline',
  } as const

  it('brings every label value back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (one, other) => {
        const text = familyText(METRIC, [{ values: [one, other], value: 1 }])
        const [sample] = parsePrometheusText(text).get('x_total')!.samples
        expect(sample?.labels).to.deep.equal({ a: one, b: other })
      }),
    )
  })

  it('escapes the help', () => {
    expect(familyText(METRIC, [])).to.equal(
      '# HELP x_total Back\\\\slash\\nline\n# TYPE x_total counter\n',
    )
  })

  it('writes numbers as Go reads them', () => {
    const gauge = { name: 'x', type: 'gauge', labels: [], help: 'x' } as const
    const numbers = [1, 0.5, 1e21, 1e-7, Infinity, -Infinity, NaN]
    expect(
      numbers.map((value) => familyText(gauge, [{ values: [], value }]).split('\n')[2]),
    ).to.deep.equal(['x 1', 'x 0.5', 'x 1e+21', 'x 1e-7', 'x +Inf', 'x -Inf', 'x NaN'])
  })

  it('keeps label values apart that only look alike when joined', () => {
    const counter = createCounter()
    counter.add('a', 'bc')
    counter.add('ab', 'c')
    expect(counter.samples()).to.have.length(2)
  })

  it('gives histograms that add up, whatever is observed', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (observed) => {
        const histogram = createHistogram([0.1, 1, 10])
        for (const value of observed) histogram.observe(value)
        const metric = { name: 'x', type: 'histogram', labels: [], help: 'x' } as const
        const { samples } = parsePrometheusText(familyText(metric, histogram)).get('x')!
        expect(samples.at(-1)).to.deep.equal({
          name: 'x_count',
          labels: {},
          value: observed.length,
        })
      }),
    )
  })

  for (const { name, text } of [
    { name: 'a missing line feed', text: '# HELP x x\n# TYPE x gauge\nx 1' },
    { name: 'a sample without a type', text: '# HELP x x\nx 1\n' },
    {
      name: 'a family in two pieces',
      text: '# HELP x x\n# TYPE x gauge\n# HELP y y\n# TYPE y gauge\nx 1\n',
    },
    { name: 'a sample given twice', text: '# HELP x x\n# TYPE x gauge\nx 1\nx 1\n' },
    { name: 'an unescaped quote', text: '# HELP x x\n# TYPE x gauge\nx{a="""} 1\n' },
    { name: 'a counter without _total', text: '# HELP x x\n# TYPE x counter\nx 1\n' },
    { name: 'a JavaScript infinity', text: '# HELP x x\n# TYPE x gauge\nx Infinity\n' },
    {
      name: 'buckets that shrink',
      text: '# HELP x x\n# TYPE x histogram\nx_bucket{le="1"} 2\nx_bucket{le="+Inf"} 1\nx_sum 1\nx_count 1\n',
    },
  ]) {
    it(`is not what the parser of these tests takes when there is ${name}`, () => {
      expect(() => parsePrometheusText(text)).to.throw()
    })
  }
})
