import { expect } from 'chai'
import fc from 'fast-check'
import { html } from '../../../../../sidecar/server/status/html.js'

describe('html templates', () => {
  it('escape what they are given, and not what they made themselves', () => {
    const inner = html`<b>${'<i> & "x" \'y\''}</b>`
    expect(html`<p title="${'"'}">${inner}</p>`.text).to.equal(
      '<p title="&#34;"><b>&#60;i&#62; &#38; &#34;x&#34; &#39;y&#39;</b></p>',
    )
  })

  it('join lists, write numbers and leave nothing for undefined', () => {
    expect(html`${[html`a`, html`b`]}${1}${undefined}`.text).to.equal('ab1')
  })

  it('let no text out of the place where it stands', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(html`${text}`.text).to.not.match(/[<>"']|&(?!#\d+;)/)
      }),
    )
  })
})
