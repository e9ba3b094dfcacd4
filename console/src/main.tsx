import { render } from 'preact';
import { entrance } from './api/entrance';
import { App } from './app';
import './styles/base.css';
import './styles/controls.css';
import './styles/layout.css';
import './styles/links.css';
import './styles/charts.css';
import './styles/editor.css';

// Before anything else: it clears the address.
const enter = entrance();
const root = document.getElementById('app');
if (root) render(<App enter={enter} />, root);
