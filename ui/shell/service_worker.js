// @ts-check
// Keeps all files of the page, so that it works without a network after the first visit. ui/site.py
// fills in which they are; a page built anew has another version, which takes over when no tab shows
// the old one any more.

const VERSION = "";
const FILES = /** @type {string[]} */ ([]);
const CACHE = `shortcuts ${VERSION}`;
const OWN = "shortcuts ";
const worker = /** @type {any} */ (globalThis); // the types are of a page

worker.addEventListener("install", (/** @type {any} */ event) => {
  // Asked whether they are new: of two versions mixed, none would work.
  const requests = FILES.map((path) => new Request(path, { cache: "no-cache" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(
    caches.keys().then(async (names) => {
      const old = names.filter((name) => name.startsWith(OWN) && name !== CACHE);
      await Promise.all(old.map((name) => caches.delete(name)));
      await worker.clients.claim(); // the first visit is one, too
    }),
  );
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  if (event.request.method === "GET") event.respondWith(kept(event.request));
});

/** @param {Request} request */
async function kept(request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(request, { ignoreSearch: true })) ?? fetch(request);
}
