using System;
using System.Linq;
using Causeway.ADSync.Api;

namespace Microsoft.IdentityManagement.PowerShell.ObjectModel;

/// <summary>What one of the fixed rules does.</summary>
public sealed class SynchronizationRule
{
    private SynchronizationRule(JsonObject json)
    {
        Identifier = json.Identifier("identifier");
        Name = json.Text("name");
        Description = json.Text("description");
        Direction = json.Text("direction");
        Connector = json.Identifier("connectorId");
        ConnectorName = json.Text("connectorName");
        SourceObjectType = json.Text("sourceObjectType");
        TargetObjectType = json.Text("targetObjectType");
        Precedence = json.Integer("precedence");
        LinkType = json.Text("linkType");
        EnablePasswordSync = json.Flag("enablePasswordSync");
        ScopeFilter = json.Objects("scopeFilter").Select(ScopeCondition.From).ToArray();
        JoinFilter = json.Objects("joinFilter").Select(JoinCondition.From).ToArray();
        AttributeFlowMappings = json.Objects("attributeFlowMappings").Select(AttributeFlowMapping.From).ToArray();
    }

    public Guid Identifier { get; }

    public string Name { get; }

    public string Description { get; }

    public string Direction { get; }

    /// <summary>The connector's GUID.</summary>
    public Guid Connector { get; }

    public string ConnectorName { get; }

    public string SourceObjectType { get; }

    public string TargetObjectType { get; }

    public int Precedence { get; }

    public string LinkType { get; }

    public bool EnablePasswordSync { get; }

    /// <summary>All conditions must hold.</summary>
    public ScopeCondition[] ScopeFilter { get; }

    public JoinCondition[] JoinFilter { get; }

    public AttributeFlowMapping[] AttributeFlowMappings { get; }

    /// <summary>Always true: rules cannot be changed.</summary>
    public bool IsStandardRule => true;

    public override string ToString() => Name;

    internal static SynchronizationRule From(JsonObject json) => new SynchronizationRule(json);
}

/// <summary>A condition that an object must meet to be in scope.</summary>
public sealed class ScopeCondition
{
    private ScopeCondition(JsonObject json)
    {
        Attribute = json.Text("attribute");
        ComparisonOperator = json.Text("operator");
        ComparisonValue = json.Text("value");
    }

    public string Attribute { get; }

    public string ComparisonOperator { get; }

    public string ComparisonValue { get; }

    public override string ToString() => $"{Attribute} {ComparisonOperator} {ComparisonValue}".TrimEnd();

    internal static ScopeCondition From(JsonObject json) => new ScopeCondition(json);
}

/// <summary>How the rule recognizes an object.</summary>
public sealed class JoinCondition
{
    private JoinCondition(JsonObject json)
    {
        CSAttribute = json.Text("source");
        MVAttribute = json.Text("target");
    }

    public string CSAttribute { get; }

    public string MVAttribute { get; }

    public override string ToString() => $"{CSAttribute} = {MVAttribute}";

    internal static JoinCondition From(JsonObject json) => new JoinCondition(json);
}

/// <summary>How an attribute is transformed.</summary>
public sealed class AttributeFlowMapping
{
    private AttributeFlowMapping(JsonObject json)
    {
        Source = json.Text("source");
        Destination = json.Text("destination");
        Expression = json.TextOrNull("expression");
    }

    public string Source { get; }

    public string Destination { get; }

    /// <summary>Null: the value is used unchanged.</summary>
    public string? Expression { get; }

    public string FlowType => Expression is null ? "Direct" : "Expression";

    public override string ToString() => $"{Source} -> {Destination}";

    internal static AttributeFlowMapping From(JsonObject json) => new AttributeFlowMapping(json);
}

/// <summary>A person or group between its forest and the tenant.</summary>
public sealed class MVObject
{
    private MVObject(JsonObject json)
    {
        ObjectId = json.Identifier("objectId");
        ObjectType = json.Text("objectType");
        Attributes = json.Objects("attributes").Select(MVObjectAttribute.From).ToArray();
        Lineage = json.Objects("lineage").Select(MVObjectLink.From).ToArray();
    }

    public Guid ObjectId { get; }

    public string ObjectType { get; }

    public MVObjectAttribute[] Attributes { get; }

    public MVObjectLink[] Lineage { get; }

    internal static MVObject From(JsonObject json) => new MVObject(json);
}

/// <summary>One attribute of a person or group, and the connector that it came from.</summary>
public sealed class MVObjectAttribute
{
    private MVObjectAttribute(JsonObject json)
    {
        Name = json.Text("name");
        IsMultiValued = json.Flag("isMultiValued");
        Values = json.Texts("values");
        ConnectorName = json.Text("connectorName");
    }

    public string Name { get; }

    public bool IsMultiValued { get; }

    public string[] Values { get; }

    public string ConnectorName { get; }

    internal static MVObjectAttribute From(JsonObject json) => new MVObjectAttribute(json);
}

/// <summary>An object of a connector space that a person or group comes from or goes to.</summary>
public sealed class MVObjectLink
{
    private MVObjectLink(JsonObject json)
    {
        ConnectedCsObjectId = json.Identifier("connectedCsObjectId");
        ConnectedCsObjectDN = json.Text("connectedCsObjectDN");
        ConnectorId = json.Identifier("connectorId");
        ConnectorName = json.Text("connectorName");
    }

    public Guid ConnectedCsObjectId { get; }

    public string ConnectedCsObjectDN { get; }

    public Guid ConnectorId { get; }

    public string ConnectorName { get; }

    internal static MVObjectLink From(JsonObject json) => new MVObjectLink(json);
}
