// Runs one case of cases.js against its bindings and says how it went.
import { cases } from './cases.js';

export default {
  async fetch(request, env) {
    const parameters = Object.fromEntries(new URL(request.url).searchParams);
    try {
      const result = await cases[parameters.case](env, parameters);
      return Response.json({ result: result ?? 'passed' });
    } catch (error) {
      return Response.json({ error: String(error?.stack ?? error) });
    }
  },
};
