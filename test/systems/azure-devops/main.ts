/** The stand-in to look at and to integrate with: `npx tsx test/systems/azure-devops/main.ts [port]`. Ends with Ctrl+C. */

import { PEOPLE } from './people';
import { startAzureDevOps } from './server';

startAzureDevOps({ port: Number(process.argv[2] ?? 0), contract: false }).then(
  ({ url }) => {
    const tokens = PEOPLE.map(({ uniqueName, token }) => `  ${uniqueName}: ${token}`).join('\n');
    console.log(`A stand-in for Azure DevOps at ${url}, with the projects Fabrikam and Contoso. Tokens:\n${tokens}`);
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
