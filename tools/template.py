"""Reads template.yaml for the tools that deploy it: its parameters, and plain resources without SAM."""

import difflib
import re

from samcli.yamlhelper import yaml_parse

from local_stack import paths
from local_stack.failure import Failure


def read(path=paths.TEMPLATE):
    """Returns the template with its anchors resolved, intrinsic functions in their long form."""
    return yaml_parse(path.read_text())


def problem(parameter, value):
    """Returns why CloudFormation would refuse the value, or None."""
    allowed = [str(each) for each in parameter.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"is not one of {', '.join(allowed)}"
    if parameter["Type"] == "Number":
        if not re.fullmatch(r"-?\d+", value):
            return "is not a whole number"
        least, most = parameter.get("MinValue"), parameter.get("MaxValue")
        if (least is not None and int(value) < least) or (most is not None and int(value) > most):
            return f"is not between {least} and {most}"
    pattern = parameter.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        return f"is not {parameter.get('ConstraintDescription', f'of the form {pattern}')}"
    return None


def require_known(parameters, names):
    """Checks that the template has all these parameters; `sam` ignores one that it does not know."""
    for name in names:
        if name not in parameters:
            near = difflib.get_close_matches(name, parameters, n=1)
            raise Failure(f"template.yaml has no parameter {name}" + (f": do you mean {near[0]}?" if near else ""))


def references(node):
    """Returns the names that a part of the template refers to: parameters, conditions, resources."""
    found = set()
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("Ref", "Condition") and isinstance(value, str):
                found.add(value)
            elif key == "Fn::If":
                found.add(value[0])
                found |= references(value[1:])
            elif key == "Fn::Sub":
                text, own = (value, {}) if isinstance(value, str) else value
                found |= set(re.findall(r"\$\{([A-Za-z0-9]+)\}", text)) - own.keys()
                found |= references(list(own.values()))
            elif key == "Fn::GetAtt":
                found.add(value[0] if isinstance(value, list) else value.split(".")[0])
            else:
                found |= references(value)
    elif isinstance(node, list):
        for value in node:
            found |= references(value)
    return found


def without(resource, others):
    """Returns the resource without the properties that refer to one of `others`."""
    properties = {name: value for name, value in resource.get("Properties", {}).items() if not references(value) & others}
    return resource | {"Properties": properties}


def only(template, resources):
    """Returns a template of CloudFormation alone with these resources, and the parameters and conditions that they need. Leaves out
    properties that refer to other resources: a deployment of the whole template sets them."""
    others = template["Resources"].keys() - set(resources)
    kept = {name: without(template["Resources"][name], others) for name in resources}
    names = references(kept)
    conditions = {name: node for name, node in template.get("Conditions", {}).items() if name in names}
    names |= references(conditions)
    parameters = {name: node for name, node in template["Parameters"].items() if name in names}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Parameters": parameters, "Conditions": conditions, "Resources": kept}
