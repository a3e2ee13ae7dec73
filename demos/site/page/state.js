// What both pages say: how far Python has come, and whether the site opens without a network.

import { keep, possible } from "../keep.js";

const $ = (id) => document.getElementById(id);
export const say = (text) => ($("status").textContent = text);

// Returns what Python calls with its state; `message` gives what is said when it is there.
export const telling = (message) => (data) => {
  $("loading").hidden = Boolean(data.ready || data.failed);
  if (data.failed) return say(`Python could not be loaded: ${data.failed}. Reload the page to try again.`);
  if (data.ready) return say(message());
  const fraction = Math.min(1, data.loaded / data.total);
  $("loading").value = fraction;
  say(fraction < 1 ? `Python is loading: ${Math.round(100 * fraction)} %` : "Python is starting …");
};

const NOT_KEPT = "This address is not https and not localhost: the page opens only while its server runs.";
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

// Keeps the site, where the browser offers that; called when nothing else is to be fetched.
let keeping = !possible;
export async function keepSite(own) {
  if (keeping) return;
  keeping = true;
  let size = "";
  try {
    await keep(own, ({ done, total }) => {
      size = megabytes(total);
      $("offline").textContent = `For use without a network, the site is being kept: ${megabytes(done)} of ${size}.`;
    });
    $("offline").textContent = `All of this site, ${size}, is kept in this browser and opens without a network, too.`;
  } catch {
    $("offline").textContent = "Not all of this site could be kept for use without a network; the next visit goes on.";
  }
}
if (!possible) $("offline").textContent = NOT_KEPT;
