/** How often it is looked whether this process still runs. */
const TICK_MS = 5

let lastMs = performance.now()
let stoodStillMs = 0

setInterval(() => {
  const nowMs = performance.now()
  stoodStillMs += Math.max(0, nowMs - lastMs - 2 * TICK_MS)
  lastMs = nowMs
}, TICK_MS).unref()

/**
 * For how long this process has stood still so far, because it or others kept the processors busy.
 * It also plays all services and all clients; what an answer waited for that is no time of the
 * sidecar.
 */
export const stalledMs = (): number => stoodStillMs
