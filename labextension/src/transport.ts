/** The line to the server extension: its WebSocket and its status. */

import type { Connect, FromDocument, Status } from "@jupyter-sim/core";
import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";
import type { TranslationBundle } from "@jupyterlab/translation";

/** What the engine is doing. Throws where the server does not say. */
export async function fetchStatus(settings: ServerConnection.ISettings): Promise<Status> {
  const response = await ask(settings);
  if (!response.ok) throw new ServerConnection.ResponseError(response);
  return (await response.json()) as Status;
}

/** Connections over the server's WebSocket. */
export function overWebSocket(
  settings: ServerConnection.ISettings,
  trans: TranslationBundle,
): Connect {
  return (receiver) => {
    const socket = new settings.WebSocket(address(settings));
    let opened = false;
    socket.onopen = () => {
      opened = true;
      receiver.opened();
    };
    socket.onmessage = ({ data }: MessageEvent<string>) =>
      receiver.received(JSON.parse(data) as FromDocument);
    socket.onclose = async () =>
      receiver.closed((!opened && (await obstacle(settings, trans))) || silence(trans));
    return {
      send: (message) => socket.send(JSON.stringify(message)),
      close: () => socket.close(),
    };
  };
}

function address(settings: ServerConnection.ISettings): string {
  const url = URLExt.join(settings.wsUrl, "jupyter-sim", "socket");
  const token = settings.appendToken && settings.token;
  return token ? `${url}?token=${encodeURIComponent(token)}` : url;
}

function ask(settings: ServerConnection.ISettings): Promise<Response> {
  const url = URLExt.join(settings.baseUrl, "jupyter-sim", "status");
  return ServerConnection.makeRequest(url, {}, settings);
}

/** Why a server that answers takes no connection; empty where it does not answer at all. */
async function obstacle(
  settings: ServerConnection.ISettings,
  trans: TranslationBundle,
): Promise<string> {
  try {
    const { status } = await ask(settings);
    if (status === 404) {
      return trans.__(
        "The server extension of jupyter-sim is not running; enable it with `jupyter server extension enable jupyter_sim` and restart the server.",
      );
    }
    return status === 403
      ? trans.__("You are logged out; log in to the Jupyter server again.")
      : "";
  } catch (error) {
    if (error instanceof ServerConnection.NetworkError) return "";
    throw error;
  }
}

function silence(trans: TranslationBundle): string {
  return trans.__(
    "The Jupyter server does not answer; it is tried again every few seconds, and your verdicts are kept until then.",
  );
}
