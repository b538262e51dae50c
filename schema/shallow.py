"""PyYAML's safe loader with a bound on nesting: libyaml's binding composes nodes by recursion in C, and a file of ten
thousand brackets would end the process without a word."""

import yaml

MAX_DEPTH = 100


class Loader(yaml.CSafeLoader):
    """Raises a yaml.MarkedYAMLError for nodes nested deeper than MAX_DEPTH.

    The binding calls the two methods around each node (PyYAML 6.0.3, yaml/_yaml.pyx, `_compose_node`) for path
    resolvers, of which there are none here.
    """

    depth = 0

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = current_node.start_mark if current_node is not None else None
            raise yaml.composer.ComposerError(None, None, f"nested deeper than {MAX_DEPTH} levels", mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1
