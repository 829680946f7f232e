// server-github always asks api.github.com: sends its requests to the stand-in instead, and changes nothing else.
const ask = globalThis.fetch;
globalThis.fetch = (url, options) =>
  ask(String(url).replace("https://api.github.com", process.env.STAND_IN_URL), options);
