// Preloaded into a gateway (`--import`): SIGUSR2 starts V8's sampling profiler, the next one stops it and writes the profile.
// So neither start-up nor warm-up is part of it. Files: `$WEIR_PROFILE.1.on` when the first profile has begun,
// `$WEIR_PROFILE.1.json` when it is written.
import { renameSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'

const prefix = process.env.WEIR_PROFILE!
const interval = Number(process.env.WEIR_PROFILE_INTERVAL ?? 200)
const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.setSamplingInterval', { interval })
let count = 0
let running = false

process.on('SIGUSR2', () => {
  running = !running
  if (running) {
    count++
    session.post('Profiler.start', () => writeFileSync(`${prefix}.${count}.on`, ''))
    return
  }
  session.post('Profiler.stop', (error, { profile }) => {
    if (error) throw error
    writeFileSync(`${prefix}.${count}.part`, JSON.stringify(profile))
    // Whoever waits for the file finds it whole.
    renameSync(`${prefix}.${count}.part`, `${prefix}.${count}.json`)
  })
})
