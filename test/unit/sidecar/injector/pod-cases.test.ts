import { expect } from 'chai'
import { injectPod } from '../../../../sidecar/injector/inject-pod.js'
import { acceptCase, podCases, summaryOf } from '../../../support/pod-cases.js'

/** `UPDATE_SNAPSHOT=1` accepts what happens as what is expected. */
const ACCEPT = process.env['UPDATE_SNAPSHOT'] === '1'

describe('injectPod, case by case (test/fixtures/pods)', () => {
  for (const { name, title, request, config, expected } of podCases()) {
    it(`${name}: ${title}`, () => {
      const summary = summaryOf(injectPod(request, config))
      if (ACCEPT) acceptCase(name, summary)
      else expect(summary).to.deep.equal(expected)
    })
  }
})
