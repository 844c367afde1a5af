// CommonJS, because the test runner loads its reporter with require() and without its TypeScript hook.
const { reporters } = require('mocha')

/** The spec reporter, closed by one plain line that any collector can read. */
module.exports = class PlainTally extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats
      const skipped = pending > 0 ? `, ${pending} skipped` : ''
      console.log(`${passes} passed, ${failures} failed${skipped}`)
    })
  }
}
