/** Time for which this process has computed, in ms: unlike the time that has passed, it does not depend on what else the machine does. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
