/** Files that are exchanged between a form and the server, and downloads for the user. */

import { isObject } from './read';
import { t } from './text';

/** The reason in an answer of one of Twinflow's routes. */
function saidIn(body: unknown): Error | undefined {
  const error = isObject(body) && isObject(body.error) ? body.error : {};
  return typeof error.message === 'string' ? new Error(error.message) : undefined;
}

function reasonOf(failed: JQuery.jqXHR): Error {
  const said = saidIn(failed.responseJSON);
  if (said !== undefined) return said;
  return new Error(t(failed.status === 401 || failed.status === 403 ? 'error.forbidden' : 'error.offline'));
}

/**
 * Posts to one of Twinflow's routes. A rejection's message is for users.
 * @param route below /twinflow/
 */
export function post<Answer>(route: string, settings: JQuery.AjaxSettings): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // a relative URL: the editor adds its root and the login's token
    $.ajax({ url: `twinflow/${route}`, method: 'POST', ...settings }).then(
      (answer: Answer) => resolve(answer),
      (failed: JQuery.jqXHR) => reject(reasonOf(failed)),
    );
  });
}

/** Posts a file unchanged, and gets JSON. */
export const postFile = <Answer>(route: string, file: File): Promise<Answer> =>
  post(route, { data: file, processData: false, contentType: 'application/octet-stream', dataType: 'json' });

/** Posts JSON and gets JSON. */
export const postJson = <Answer>(route: string, body: object): Promise<Answer> =>
  post(route, { data: JSON.stringify(body), contentType: 'application/json', dataType: 'json' });

/** Posts JSON and gets a file. */
export async function postForFile(route: string, body: object): Promise<Blob> {
  const sent = new XMLHttpRequest();
  try {
    return await post<Blob>(route, {
      ...{ data: JSON.stringify(body), contentType: 'application/json' },
      ...{ xhr: () => sent, xhrFields: { responseType: 'blob' } },
    });
  } catch (thrown) {
    // the reason also arrives as a file
    const answer: unknown = sent.response;
    throw (answer instanceof Blob && saidIn(parsed(await answer.text()))) || thrown;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Offers a file to the user as a download. */
export function download(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = $('<a>').attr({ href: address, download: name }).appendTo(document.body);
  link[0]?.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A file name that is valid in every system. */
export const fileName = (text: string): string => text.replace(/[^\p{L}\p{N} _-]+/gu, '-').slice(0, 80);
