// What the servers say.

const STATE = {
  id: "app_9b1d4e0c53f7a8264d0be1375ac2f80963d41e7b",
  instance_id: "5c07e2a94bd8136f",
  name: "my-confidential-vm",
};

export const frame = (event, data) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
export const state = (status, more) => frame("state", { ...STATE, status, ...more });
export const complete = (more) => frame("complete", { status: "running", elapsed: 1.5, target: "running", ...more });

/** States on the way to the target, each of so many bytes, but none like another; and the end. */
export function flood(count, bytes) {
  const frames = Array.from({ length: count }, (_, i) => {
    const about = { uptime: `${(i / 10).toFixed(1)}s`, exited_at: null };
    const status = i === count - 1 ? "running" : "booting";
    const short = state(status, { ...about, boot_progress: "" });
    return state(status, { ...about, boot_progress: "pulling ".padEnd(bytes - short.length, ".") });
  });
  return Buffer.from(frames.join("") + complete());
}
