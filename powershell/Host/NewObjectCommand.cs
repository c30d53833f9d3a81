using System.Collections;
using System.Management.Automation;

namespace Causeway.PowerShellHost;

/// <summary>
/// New-Object, which is in no package that can be fetched. Finding the type, choosing the constructor and converting the arguments is left to the engine,
/// so that they come out as they do in PowerShell.
/// </summary>
[Cmdlet(VerbsCommon.New, "Object")]
public sealed class NewObjectCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0)]
    public string TypeName { get; set; } = string.Empty;

    [Parameter(Position = 1)]
    [Alias("Args")]
    public object?[] ArgumentList { get; set; } = [];

    [Parameter]
    public IDictionary? Property { get; set; }

    protected override void BeginProcessing()
    {
        if (LanguagePrimitives.TryConvertTo(TypeName, out Type type))
        {
            var made = InvokeCommand.NewScriptBlock("param($type, $list) $type::new.Invoke($list)").Invoke(type, ArgumentList)[0];
            foreach (DictionaryEntry entry in Property ?? new Hashtable()) made.Properties[(string)entry.Key].Value = entry.Value;
            WriteObject(made);
            return;
        }
        var error = new PSArgumentException($"Cannot find type [{TypeName}]: verify that the assembly containing this type is loaded.");
        ThrowTerminatingError(new ErrorRecord(error, "TypeNotFound", ErrorCategory.InvalidType, TypeName));
    }
}
