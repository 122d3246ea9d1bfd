/**
 * The admin HTTP routes below /twinflow/ through which the forms ask the systems.
 *
 *   GET  /twinflow/connectors      the kinds of system, the server's time zone               twinflow.read
 *   POST /twinflow/test, projects, types, fields, lookup-values, users, newest, query       twinflow.write
 *   POST /twinflow/preview, preview/latest                                 @see preview.ts   twinflow.write
 *   GET, POST /twinflow/survey                                             @see survey.ts
 *
 * Routes that make the server contact a system, possibly with a stored secret, require the permission to write. No
 * answer contains a secret; an error has the form `{ error: { kind, message, fields? } }`. Every question ends within
 * 30 seconds.
 */

import { createMask } from '../../lib/connectors/http/masking';
import { asSyncError, SyncError } from '../../lib/model/errors';
import { guardRoutes } from '../shared/guard';
import { bodyOf, describe, QUESTIONS, type Question } from './answers';
import { Connections } from './connections';
import { registerPreview } from './preview';
import { type Handler, send, sendError, TIME_LIMIT_MS, within } from './respond';
import { type AdminHost, type AdminServices, type DraftedSystem, draftedSystem } from './services';
import { registerSurvey } from './survey';
import { SurveyJobs } from './survey-jobs';

const LARGEST_BODY = 64 * 1024;

/**
 * Adds the routes. Call it once, when the first node type is loaded.
 * @returns functions that close what is kept open and end what continues between two questions
 */
export function registerAdminRoutes(host: AdminHost, services: AdminServices): { close(): void; flowsStop(): void } {
  const connections = new Connections((system) => services.connect(system), services.idleMs);

  const answer =
    (question: Question): Handler =>
    (request, response) => {
      const body = bodyOf(request.body);
      let mask = createMask([]);
      const asked = async (): Promise<void> => {
        if (JSON.stringify(body).length > LARGEST_BODY) {
          sendError(response, new SyncError('invalid', 'The form is too large.'), mask, 413);
          return;
        }
        let system: DraftedSystem;
        try {
          system = draftedSystem(services, body.system, (secrets) => {
            mask = createMask(secrets);
          });
        } catch (thrown) {
          sendError(response, asSyncError(thrown), mask, 400);
          return;
        }
        const { connector, settings } = system;
        const work = () =>
          connections.use(settings, body.reload === true, (connection) => question(connection, body, connector));
        send(response, 200, await within(services.timeLimitMs ?? TIME_LIMIT_MS, work));
      };
      asked().catch((thrown: unknown) => sendError(response, asSyncError(thrown), mask));
    };

  guardRoutes(host.httpAdmin);
  host.httpAdmin.get('/twinflow/connectors', host.auth.needsPermission('twinflow.read'), (_request, response) =>
    send(response, 200, {
      items: services.connectors().map(describe),
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }),
  );
  for (const [route, question] of Object.entries(QUESTIONS))
    host.httpAdmin.post(`/twinflow/${route}`, host.auth.needsPermission('twinflow.write'), answer(question));
  registerPreview(host, services, connections);
  const surveys = new SurveyJobs();
  registerSurvey(host, services, surveys);
  return {
    close() {
      surveys.end();
      connections.close();
    },
    flowsStop: () => surveys.end(),
  };
}
