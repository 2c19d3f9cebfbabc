// A placeholder that lets everything through, until the gate is here.
import { version } from "edgeward";

export default {
  async fetch(request, env) {
    const headers = new Headers(request.headers);
    headers.set("edgeward-demo", JSON.parse(await env.EDGEWARD_STORE.get("demo/greeting")));
    headers.set("edgeward-version", version());
    return env.ORIGIN.fetch(new Request(request, { headers }));
  },
};
