import { mount } from 'svelte';
import '../tokens.css';
import '../base.css';
import { AREAS, loadWords } from '../../words/messages';
import Gallery from './Gallery.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('The page has no place for the gallery');
await loadWords(...AREAS);
mount(Gallery, { target });
