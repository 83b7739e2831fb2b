"""What a catalogue says of a dataset, gathered in one shape → a dataset of the manifest."""
