"""The one engine of every edge: what an organisation sends, receives, keeps and shows. It decides nothing."""
