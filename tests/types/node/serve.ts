// A gate behind Node's own servers, as a program writes it.
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createGate, type Gate } from "edgeward";
import { gateListener, type GateListener, type GateListenerOptions, type ListenerRequest, type ListenerResponse } from "edgeward/node";

const gate: Gate = await createGate({ routes: [] });
const options: GateListenerOptions = { closing: () => false };
const listener: GateListener = gateListener(gate, options);
export const ask = (request: ListenerRequest, response: ListenerResponse): void => listener(request, response);
createServer(listener).on("checkContinue", listener.checkContinue).on("clientError", listener.clientError).listen(8080);
createTlsServer({ requestCert: true }, listener);

// @ts-expect-error A gate is what createGate promises.
gateListener(createGate({ routes: [] }));
// @ts-expect-error Whether it ends is asked each time.
gateListener(gate, { closing: true });
