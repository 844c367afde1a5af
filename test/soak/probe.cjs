// Loaded into the program under test: answers each message with what the process holds. The channel
// is there for the test alone, and keeps nothing alive.
process.on('message', () => {
  globalThis.gc()
  const counts = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  const { heapUsed, external } = process.memoryUsage()
  process.send({ heapUsed, external, resources: counts })
})
process.channel.unref()
