export { type PreviewOptions, PreviewPanel } from './panel';
