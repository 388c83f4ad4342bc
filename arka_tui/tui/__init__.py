"""The screens. The only package that knows Textual; everything else works without it."""
