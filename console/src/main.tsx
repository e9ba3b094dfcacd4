import { render } from 'preact';
import { takeCode } from './api/code';
import { App } from './app';
import './styles/base.css';
import './styles/controls.css';
import './styles/layout.css';
import './styles/links.css';
import './styles/charts.css';
import './styles/editor.css';

const code = takeCode(location, history);
const root = document.getElementById('app');
if (root) render(<App code={code} />, root);
