// The other process of channel.test.ts: sends back what it gets, and ends with the channel.
process.on('message', (message) => void process.send?.(message))
