// Loaded with --import into every process that is measured, whatever it runs: says how much CPU time the process
// has used, and ends it when the process that measures is gone.

process.on('message', (message: unknown) => {
  if (typeof message !== 'object' || message === null || !('ask' in message) || message.ask !== 'cpu') return;
  const { user, system } = process.cpuUsage();
  process.send?.({ answer: 'cpu', value: user + system });
});
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// The line alone must not keep alive what would end.
process.channel?.unref();
